describe('Cart', () => {
  it('removes items', () => {});

  xit('is empty at first', () => {});

  describe('of a friend', () => {
    fit('adds items', () => {});
  });
});
