// tap follows which files a process loads and how long their lines are, for coverage, which is off: with hooks in a thread of their own. That takes a
// tenth of the time of a process. `npm test` loads this by NODE_OPTIONS, to be there before tap.
import module from 'node:module'
import { isMainThread } from 'node:worker_threads'

// Not for what a test starts.
delete process.env.NODE_OPTIONS

const changed = 'tap follows what a process loads in another way than is known here.'
const flag = process.execArgv.find(arg => /^--import=.*\/@tapjs\/processinfo\/.*\/import\.mjs$/.test(arg))
// A thread may have been started without.
if (flag === undefined && isMainThread) throw new Error(changed)
if (flag !== undefined) {
  process.env._TAPJS_PROCESSINFO_EXCLUDE_ = '/^/'
  // Which of the two there are, and which tap takes, depends on the version of Node.
  const ways = ['register', 'registerHooks'].filter(name => name in module)
  const kept = ways.map(name => module[name])
  let calls = 0
  for (const name of ways) module[name] = () => void calls++
  await import(flag.slice('--import='.length))
  for (const [index, name] of ways.entries()) module[name] = kept[index]
  if (calls !== 1) throw new Error(changed)
  // Switched on by it, and again after tap is loaded, whose own maps nobody needs.
  process.setSourceMapsEnabled(false)
}
