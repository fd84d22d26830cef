describe('Group', () => {
  afterAll(() => process.exit(0));

  it('passes', () => {});
});
