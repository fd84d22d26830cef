describe('Process', () => {
  it('goes on before', () => {});

  it('spins', () => {
    for (;;);
  });

  it('goes on after', () => {});
});
