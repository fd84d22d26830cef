describe('Group', () => {
  beforeAll(() => process.exit(0));

  it('never starts', () => {});
});
