describe('Process', () => {
  it('goes on before', () => {});

  it('is killed', () => {
    process.kill(process.pid, 'SIGKILL');
  });

  it('goes on after', () => {});
});
