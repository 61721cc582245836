/** Are tests to be played at their full size? `npm test` plays them short; `npm run test:campaigns -- --only long` plays them whole. */
export const whole = process.env['WHOLE'] !== undefined
