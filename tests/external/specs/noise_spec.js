describe('Noise', () => {
  it('does not disturb', () => {
    console.log('{"event": "done", "status": "failed"}\n'.repeat(20000));
    console.error('\x1b[31mred\x1b[0m');
    process.stdin.resume();
  });
});
