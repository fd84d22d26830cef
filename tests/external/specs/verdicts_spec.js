const {total} = require('./cart.js');

describe('Cart', () => {
  it('adds items', () => {
    expect(total([1, 2])).toBe(3);
  });

  it('finds two faults', () => {
    expect({a: 1}).toEqual({a: 2});
    expect(2).withContext('apples').toBe(3);
  });

  it('compares by assert', () => {
    require('assert').strictEqual(total([]), 1);
  });

  it('gives up', () => {
    fail('no such cart');
  });

  it('throws', () => {
    total(null);
  });

  it('waits in vain', done => {}, 50);

  it('says pending', () => {
    pending('not yet');
  });

  it('has no body');

  xit('is switched off', () => {});
});
