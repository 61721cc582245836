// The hooks of `.pre-commit-hooks.yaml`, run as pre-commit runs them: https://pre-commit.com/#creating-new-hooks
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { workplace } from '../support/program.ts'

interface Hook {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly language: string
  readonly entry: string
  readonly files: string
  readonly pass_filenames: boolean
}

const root = new URL('../../', import.meta.url)
const hooks = parse(readFileSync(new URL('.pre-commit-hooks.yaml', root), 'utf8')) as readonly Hook[]
const { bin } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { readonly bin: object }

const good = `version: 1
stack: acme
keys:
  bot:
    name: Bot
    description: Answers customers
    owner: support
    scope: [sales-assistant]
    permissions: [read_scenarios]
    expires: 90d
`

t.test(
  'each hook is a command of the program that package.json installs, and takes no file names',
  async t => {
    t.same(
      hooks.map(({ entry }) => entry),
      ['fluxloop-keys validate', 'fluxloop-keys fmt', 'fluxloop-keys audit --offline'],
    )
    for (const { id, entry, language, pass_filenames, files } of hooks) {
      t.match(id, /^fluxloop-keys-[a-z]+$/)
      t.equal(language, 'node')
      t.equal(pass_filenames, false)
      t.ok(Object.keys(bin).includes(entry.split(' ')[0] ?? ''))
      // Python's `re` reads this expression as JavaScript does.
      const isMeant = (path: string) => new RegExp(files).test(path)
      t.same(
        [
          'fluxloop-keys.yaml',
          'fluxloop-keys.yml',
          'fluxloop-keys/a.yaml',
          'apps/x/fluxloop-keys/b/c.yml',
        ].filter(path => !isMeant(path)),
        [],
      )
      t.same(
        ['fluxloop-keys.md', 'my-fluxloop-keys.yaml', 'fluxloop-keys/notes.md', 'keys.yaml'].filter(isMeant),
        [],
      )
    }
  },
)

t.test(
  'validate and audit fail for what is wrong; fmt writes, which pre-commit takes for a failure',
  async t => {
    const place = await workplace(t)
    const ran = async (entry: string, text: string, ...args: readonly string[]) => {
      await place.write('fluxloop-keys.yaml', text)
      const { code, stderr } = await place.run([...entry.split(' ').slice(1), ...args])
      return { code, stderr, changed: (await place.read('fluxloop-keys.yaml')) !== text }
    }
    const [validate, fmt, audit] = hooks.map(({ entry }) => entry)
    if (validate === undefined || fmt === undefined || audit === undefined)
      throw new Error('a hook is missing')
    for (const entry of [validate, fmt, audit])
      t.match(await ran(entry, good), { code: 0, changed: false }, `${entry}: nothing to say`)
    t.match(await ran(validate, `${good}colour: red\n`), { code: 2, changed: false })
    t.match(await ran(audit, good.replace('90d', 'never')), { code: 6, changed: false })
    t.match(await ran(fmt, good.replace('name: Bot', 'name:   Bot')), { code: 0, changed: true })
    t.match(
      await ran(validate, good, '-c', 'elsewhere.yaml'),
      { code: 2 },
      'with the args of somebody who has it elsewhere',
    )
  },
)
