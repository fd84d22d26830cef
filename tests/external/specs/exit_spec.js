describe('Process', () => {
  it('goes on before', () => {});

  it('exits', () => {
    console.log('about to exit');
    process.exit(0);
  });

  it('goes on after', () => {
    expect(1).toBe(2);
  });
});
