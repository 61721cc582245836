// Loaded before the program (--import): writes down every program that its process starts, by whatever way and path. Unlike a look
// at /proc it misses none, however soon it ends. Not TypeScript: it is loaded as users' own preloads are.
import childProcess from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const note = args => appendFileSync(process.env['RECORD_PROGRAMS_TO'], `${JSON.stringify(args)}\n`)

const { spawn } = childProcess.ChildProcess.prototype
childProcess.ChildProcess.prototype.spawn = function (options) {
  // `args` begins with the program's name for itself, `file` is what is started.
  note([options.file, ...options.args.slice(1)])
  return spawn.call(this, options)
}
for (const name of ['spawnSync', 'execFileSync', 'execSync']) {
  const original = childProcess[name]
  childProcess[name] = (command, ...rest) => {
    note([command, ...(Array.isArray(rest[0]) ? rest[0] : [])])
    return original(command, ...rest)
  }
}
syncBuiltinESMExports()
