// Loaded into a program before its own code: the clock of its machine is off by that many milliseconds.
const off = Number(process.env['OFF_CLOCK'])
const realNow = Date.now
Date.now = () => realNow() + off
const RealDate = Date
globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now())
    else super(...given)
  }
}
