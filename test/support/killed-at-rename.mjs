// Loaded into a program before its own code, which SIGKILL then ends in the middle of its so manyth durable write of a file:
// the temporary file is whole, and has not taken the target's place.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

let left = Number(process.env['KILL_AT_RENAME'])
const { renameSync } = fs

fs.renameSync = (from, to) => {
  left -= 1
  if (left === 0) process.kill(process.pid, 'SIGKILL')
  renameSync(from, to)
}
syncBuiltinESMExports()
