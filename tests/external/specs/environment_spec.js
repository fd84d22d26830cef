const atLoad = process.env.GREETING;

it('knows its environment', () => {
  expect(atLoad).toBe('hello');
});
