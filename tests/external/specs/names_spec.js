describe('Grüße, 世界', () => {
  it('has  two   spaces\nand a line', () => {});

  it('a b', () => {});

  it('a_b', () => {
    expect(1).toBe(2);
  });
});
