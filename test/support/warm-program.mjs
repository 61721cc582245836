// Runs command lines of the built program one after another in this process, each as if it had one of its own: arguments, environment,
// folder, streams and exit code are its own; the loaded code stays. Not TypeScript: tsx would take longer to start than the program.
// Orders come over the channel to the parent, and what becomes of them is written to descriptor 3 as it happens, a line of JSON each.
import { Console } from 'node:console'
import { existsSync, readFileSync, writeSync } from 'node:fs'
import Module from 'node:module'
import { dirname, join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'

const exit = process.exit.bind(process)
const events = ['SIGINT', 'SIGTERM', 'SIGHUP', 'uncaughtException', 'exit']
/** Where fetch keeps its connections. */
const connections = Symbol.for('undici.globalDispatcher.1')

function tell(message) {
  const line = Buffer.from(`${JSON.stringify(message)}\n`)
  for (let from = 0; from < line.length;) from += writeSync(3, line, from)
}

function replace(name, value) {
  Object.defineProperty(process, name, { configurable: true, get: () => value })
}

function output(name, fd) {
  const write = (chunk, _encoding, done) => {
    tell({ [name]: String(chunk) })
    done()
  }
  return Object.assign(new Writable({ decodeStrings: false, write }), { fd })
}

function begin({ program, args, cwd, env, input }) {
  process.chdir(cwd)
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(env, name)) delete process.env[name]
  Object.assign(process.env, env)
  process.argv = [process.execPath, program, ...args]
  const [stdout, stderr] = [output('stdout', 1), output('stderr', 2)]
  replace('stdin', Object.assign(Readable.from(input === '' ? [] : [Buffer.from(input)]), { fd: 0 }))
  replace('stdout', stdout)
  replace('stderr', stderr)
  globalThis.console = new Console(stdout, stderr)
  process.exit = code => {
    tell({ code: Number(code ?? process.exitCode ?? 0) })
    exit(0)
  }
}

let count = 0

/** Not by the promise of `node:timers/promises`: what is loaded before a program may let the clock leap by each of those. */
const rest = () => new Promise(resolve => setTimeout(resolve, 2))

/** By path. What is run again is compiled once. */
const scripts = new Map()

/** By its name, or by what the package next to it says of all. */
function isScript(path) {
  if (path.endsWith('.cjs')) return true
  const manifest = join(dirname(path), 'package.json')
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).type === 'commonjs'
}

function runScript(path) {
  const code = () => readFileSync(path, 'utf8').replace(/^#!.*/, '')
  const script = scripts.get(path) ?? new vm.Script(Module.wrap(code()), { filename: path })
  scripts.set(path, script)
  const module = new Module(path)
  // A chunk that wants something of it must not run it again.
  Module._cache[path] = module
  script.runInThisContext()(module.exports, Module.createRequire(path), module, path, dirname(path))
}

/**
 * Runs a built file once more, until it says with which code it ends: the last that it does. Code that is imported by another name
 * is run again; what it imports by the same name is not.
 */
async function load(main) {
  if (isScript(fileURLToPath(main))) runScript(fileURLToPath(main))
  else await import(`${main}?run=${(count += 1)}`)
  // The property cannot be watched.
  while (process.exitCode === undefined) await rest()
  return Number(process.exitCode)
}

/** What the next run must not find. */
function tidy() {
  for (const event of events) process.removeAllListeners(event)
  process.exitCode = undefined
  const used = globalThis[connections]
  if (used === undefined) return
  globalThis[connections] = new used.constructor()
  void used.destroy()
}

process.on('message', async order => {
  begin(order)
  let code
  try {
    code = await load(order.main)
  } catch (cause) {
    tell({ stderr: cause?.stack ?? String(cause), code: 1 })
    exit(1)
  }
  tidy()
  tell({ code })
})
process.on('disconnect', () => exit(0))
