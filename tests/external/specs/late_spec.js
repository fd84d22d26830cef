describe('Cart', () => {
  it('leaves something behind', () => {
    setTimeout(() => {
      throw new Error('too late');
    });
  });

  afterAll(done => setTimeout(done, 50));
});
