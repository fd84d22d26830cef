total = (prices) ->
  prices.reduce ((sum, price) -> sum + price), 0

describe 'Coffee', ->
  it 'adds items', ->
    expect(total [1, 2]).toBe 3

  it 'finds a fault', ->
    expect(total []).toBe 1
