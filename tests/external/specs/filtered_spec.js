describe('Cart', () => {
  it('is wanted', () => {});

  it('is unwanted', () => {
    expect(1).toBe(2);
  });
});
