describe('Cart', () => {
  it('adds items', () => {});

  throw new Error('cannot be declared');
});
