import { execFile } from 'node:child_process'
import { shuffled } from '../faults/crash/setting.ts'
import { storeFaults, titleOfStoreFault } from '../faults/support/store-faults.ts'
import { type Campaign, type Task, ofNumbers, ofTitles } from './campaign.ts'

/** Runs a file of tests as tap does. Resolves to what failed. */
async function faultsOf(file: string, env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const args = ['--no-enable-source-maps', '--import=tsx', '--import=./test/support/no-async-hooks.mjs', file]
  const [failed, output] = await new Promise<readonly [boolean, string]>(resolve => {
    // A file that is run alone has 30 seconds otherwise.
    const options = { env: { ...process.env, TAP_TIMEOUT: '600', ...env }, maxBuffer: 256 * 2 ** 20 }
    execFile(process.execPath, args, options, (cause, stdout, stderr) => {
      resolve([cause !== null, stdout + stderr])
    })
  })
  const skips = output.split('\n').filter(line => /^ *ok .*# SKIP/.test(line))
  if (!failed) return process.env['CI'] === undefined ? [] : skips
  const wrong = /^( *)not ok [\s\S]*?(?:\n\1 {2}\.\.\.$|(?![\s\S]))/m.exec(output)?.[0]
  return [wrong ?? output.slice(-4000)]
}

/** Files of tests with properties, of which `npm test` tries few cases. */
export const fuzzed = [
  '../fleet/test/file/fleet-file-fuzz',
  '../fleet/test/schedule/stack-due',
  '../fleet/test/schedule/windows',
  'fuzz/damaged-answers',
  'fuzz/files',
  'fuzz/foreign-policies',
  'fuzz/program',
  'fuzz/raw-answers',
  'fuzz/usage-cache',
  'config/own-rules',
  'config/plain-yaml',
  'hostile/runner-commands',
  'plan/model',
  'plan/plan-file',
  'plan/plan-renames',
  'plan/targets',
  'plan/views',
]

const nameOf = (file: string) => file.slice(file.lastIndexOf('/') + 1)

async function playFuzz({ name, tell }: Task): Promise<void> {
  const [asked = '', seed = ''] = name.split('/')
  const file = fuzzed.find(each => nameOf(each) === asked) ?? `fuzz/${asked}`
  tell({ title: name, faults: await faultsOf(`test/${file}.test.ts`, { FUZZ: '3', SEED: seed }) })
}

/** Whatever comes from outside, damaged in other ways than in `npm test`. */
export const fuzz: Campaign = {
  about: 'damaged files, answers, policies and expressions, and any worlds for the planner',
  seconds: 20,
  weight: 1,
  next: ofNumbers((number, index) => `${nameOf(fuzzed[index % fuzzed.length] ?? '')}/${number}`),
  play: playFuzz,
}

async function playStores({ name, tell }: Task): Promise<void> {
  const faults = await faultsOf('test/faults/stores-program.test.ts', { STORE_FAULT: name })
  tell({ title: name, faults })
}

/** In `npm test` these are short, or play most runs of the program in one process: here each has its own, as users run it. */
export const long = [
  'apply/crash-recovery',
  'commands/auth',
  'commands/policy-gate',
  'config/schema',
  'faults/killed-in-write',
  'faults/wire-program',
  'hostile/configuration',
  'hostile/environment',
  'hostile/locks',
  'hostile/origins',
  'hostile/paths',
  'hostile/plan-files',
  'hostile/started-programs',
  'hostile/repository',
  'hostile/runner-commands-program',
  'hostile/store-output',
  'page/file',
  'scenarios/exit-codes',
  'scenarios/full-budget',
  'scenarios/hostile-pull-request',
  'scenarios/idempotence',
  'scenarios/kill',
  'scenarios/kill-keychain',
  'scenarios/merge-request',
  'scenarios/odd-names',
  'scenarios/approved-plan',
  'scenarios/pull-request',
  'scenarios/requests',
  'scenarios/secrets',
  'scenarios/plan-views',
  'scenarios/year',
]

export const longTests: Campaign = {
  about: `${long.length} files of tests whole, with a process for every run: npm test plays them in short`,
  seconds: 20,
  weight: 1,
  next: ofTitles(
    () => long,
    (titles, seed) => shuffled(titles, seed, title => title),
  ),
  play: async ({ name, tell }) => {
    tell({ title: name, faults: await faultsOf(`test/${name}.test.ts`, { WHOLE: 'true' }) })
  },
}

/** What can be wrong with a real store. */
export const stores: Campaign = {
  about: 'real stores that fail, before a run and in the middle of it',
  seconds: 10,
  weight: 1,
  next: ofTitles(
    () => storeFaults.map(titleOfStoreFault),
    (titles, seed) => shuffled(titles, seed, title => title),
  ),
  play: playStores,
}

/** A number decides which replica is killed or stopped after how many writes, but not what it is at just then. */
export const fleet: Campaign = {
  about: 'replicas of a fleet that are killed and stopped, with a database that is restarted',
  seconds: 60,
  weight: 1,
  next: ofNumbers(number => String(number)),
  play: async ({ name, tell }) => {
    tell({ title: name, faults: await faultsOf('fleet/test/scenarios/replicas.test.ts', { SEED: name }) })
  },
}
