const cart = require("../js/cart");

const rates = { shipping: 490, freeFrom: 10000 };
const mat = { price: 1200, quantity: 1 };
const rug = { price: 8900, quantity: 1 };

describe("A cart", () => {
  it("adds up prices times quantities", () => {
    expect(cart.subtotal([{ ...mat, quantity: 3 }, rug])).toEqual(12500);
  });

  it("costs shipping", () => {
    expect(cart.total([mat], rates)).toEqual(1690);
  });

  it("is shipped for free from 100 euros on", () => {
    expect(cart.shipping([{ price: 9999, quantity: 1 }], rates)).toEqual(490);
    expect(cart.shipping([{ price: 10000, quantity: 1 }], rates)).toEqual(0);
  });

  it("costs nothing when it is empty", () => {
    expect(cart.total([], rates)).toEqual(0);
  });
});
