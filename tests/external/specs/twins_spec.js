describe('Cart', () => {
  it('adds items', () => {});

  it('adds items', () => {
    expect(1).toBe(2);
  });
});
