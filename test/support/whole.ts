/**
 * Are tests to be played at their full size, with a process for every run of the program? `npm test` plays them short; `npm run
 * test:campaigns -- --only long` plays them whole.
 */
export const whole = process.env['WHOLE'] !== undefined
