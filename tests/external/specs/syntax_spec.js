describe('Cart', () => {
  it('adds items', () => {);
});
