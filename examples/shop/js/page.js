"use strict";

// Keeps the prices on the cart's page up to date while quantities are typed.
{
  const table = document.getElementById("cart");
  const rates = {
    shipping: Number(table.dataset.shipping),
    freeFrom: Number(table.dataset.freeFrom),
  };
  table.addEventListener("input", () => {
    const lines = Array.from(table.querySelectorAll("input"), (input) => ({
      price: Number(input.dataset.price),
      quantity: cart.quantity(input.value),
    }));
    document.getElementById("shipping").textContent = money.format(cart.shipping(lines, rates));
    document.getElementById("total").textContent = money.format(cart.total(lines, rates));
  });
}
