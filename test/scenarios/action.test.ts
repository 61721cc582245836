import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

t.test('the committed action is the one that is built', async t => {
  // Not compared by tap, which would print both.
  t.ok(read('action/index.cjs') === read('build/action.cjs'), 'npm run bundle makes it so')
  t.ok(
    read('action/THIRD-PARTY-NOTICES.md') === read('dist/THIRD-PARTY-NOTICES.md'),
    'npm run bundle makes it so',
  )
})

t.test('the action is one script that requires nothing but Node', async t => {
  const { runs } = parse(read('action.yml')) as {
    readonly runs: { readonly using: string; readonly main: string }
  }
  t.strictSame(runs, { using: 'node24', main: 'action/index.cjs' })
  const required = [...read(runs.main).matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name = '']) => name)
  const parts = new Set(required.filter(name => !name.startsWith('node:')))
  // The sandbox is not part of the action, which refuses it; what ajv would write into code is a text here.
  const unreached = ['libsql', 'ajv/dist/runtime/ucs2length']
  const { builtinModules } = await import('node:module')
  t.strictSame(
    [...parts].filter(name => !builtinModules.includes(name) && !unreached.includes(name)).sort(),
    [],
  )
})

interface Job {
  readonly permissions?: object
  readonly 'timeout-minutes'?: number
  readonly steps: readonly { readonly uses?: string; readonly with?: object; readonly env?: object }[]
}

t.test(
  "the guide's workflows name every action by its digest, give few permissions, and know the inputs",
  async t => {
    const { inputs } = parse(read('action.yml')) as { readonly inputs: object }
    const blocks = [...read('docs/guides/ci.md').matchAll(/^```yaml\n(# \.github[^]*?)^```$/gm)].map(
      ([, text = '']) => text,
    )
    t.ok(blocks.length >= 2)
    for (const block of blocks) {
      const workflow = parse(block) as {
        readonly permissions: object
        readonly jobs: Readonly<Record<string, Job>>
      }
      t.strictSame(workflow.permissions, {}, 'nothing unless a job says so')
      for (const [name, job] of Object.entries(workflow.jobs)) {
        t.ok(job.permissions !== undefined && job['timeout-minutes'] !== undefined, name)
        for (const { uses = '', with: given = {} } of job.steps) {
          t.match(uses, /^$|@[0-9a-f]{40}$/, `${name}: ${uses}`)
          if (!uses.startsWith('fluxloop-keys/')) continue
          t.strictSame(
            Object.keys(given).filter(input => !Object.hasOwn(inputs, input)),
            [],
          )
        }
      }
    }
  },
)

t.test('action.yml has the inputs that are read, and the outputs that are written', async t => {
  const { inputs, outputs } = parse(read('action.yml')) as Readonly<Record<'inputs' | 'outputs', object>>
  const source = read('src/pull-request/github/job.ts')
  const asked = [...source.matchAll(/(?:inputOf|yesOrNo)\(env, '([\w-]+)'/g)].map(([, name]) => name)
  t.strictSame([...new Set(asked)].sort(), Object.keys(inputs).sort())
  const [, values = ''] =
    /const values = \{([^}]*)\}/.exec(read('src/pull-request/github/step-files.ts')) ?? []
  const written = [...values.matchAll(/^ *'?([\w-]+)'?:/gm)].map(([, name]) => name)
  t.strictSame(written.sort(), Object.keys(outputs).sort())
})
