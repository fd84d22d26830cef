describe('Cart', () => {
  afterAll(() => {
    throw new Error('cannot clean up');
  });

  it('adds items', () => {});

  it('removes items', () => {});
});
