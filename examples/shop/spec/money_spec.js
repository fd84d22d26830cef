const money = require("../js/money");

describe("A price", () => {
  it("shows euros and cents", () => {
    expect(money.format(2450)).toEqual("€ 24.50");
  });

  it("shows two digits of cents", () => {
    expect(money.format(1205)).toEqual("€ 12.05");
  });

  it("may be below one euro", () => {
    expect(money.format(90)).toEqual("€ 0.90");
  });

  it("can be typed with a comma or a point", () => {
    expect(money.parse("24,50")).toEqual(2450);
    expect(money.parse(" € 24.50 ")).toEqual(2450);
    expect(money.parse("24")).toEqual(2400);
  });

  it("is no number if something else was typed", () => {
    expect(money.parse("a lot")).toBeNaN();
  });
});
