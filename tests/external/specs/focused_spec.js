describe('Cart', () => {
  fit('adds items', () => {});

  it('removes items', () => {
    expect(1).toBe(2);
  });
});
