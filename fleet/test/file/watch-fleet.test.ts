import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Fleet } from '../../src/file/fleet.ts'
import { readFleet } from '../../src/file/read-fleet.ts'
import { type FleetProblem, watchFleet } from '../../src/file/watch-fleet.ts'
import { addFiles, folderWith, oneAccount } from '../support/fleet-folder.ts'

const day = 86_400_000

async function watched(t: Test, text: string, every = day) {
  const cwd = await folderWith(t, { 'fleet.yaml': text })
  const read = await readFleet('fleet.yaml', { cwd })
  if (!read.ok) throw new Error(JSON.stringify(read.diagnostics))
  const changes: (readonly [Fleet, Fleet])[] = []
  const problems: (FleetProblem | null)[] = []
  const watch = watchFleet(
    read.fleet,
    {
      onChange: (fleet, before) => void changes.push([fleet, before]),
      onProblem: problem => void problems.push(problem),
    },
    { cwd, every },
  )
  t.teardown(() => watch.close())
  const names = () => watch.current().stacks.map(({ name }) => name)
  return { cwd, file: join(cwd, 'fleet.yaml'), watch, changes, problems, names }
}

const stacks = (...names: readonly string[]) =>
  `${oneAccount}stacks: [${names.map(name => `{ name: ${name}, folder: ${name} }`).join(', ')}]\n`

t.test('takes up a change, and says what it was before', async t => {
  const { file, watch, changes, problems, names } = await watched(t, stacks('a'))
  await writeFile(file, stacks('a', 'b'))
  await watch.look()
  t.strictSame(names(), ['a', 'b'])
  t.strictSame(
    changes.map(pair => pair.map(fleet => fleet.stacks.length)),
    [[2, 1]],
  )
  t.strictSame(problems, [])
})

t.test('says nothing of a change that means the same', async t => {
  const { file, watch, changes } = await watched(t, stacks('a'))
  await writeFile(file, `# a comment\n${stacks('a')}`)
  await watch.look()
  t.strictSame(changes, [])
})

t.test('keeps the last good fleet while the file is wrong, and reports each problem once', async t => {
  const { file, watch, changes, problems, names } = await watched(t, stacks('a'))
  await writeFile(file, `${stacks('a', 'b')}stack: []\n`)
  await watch.look()
  await watch.look()
  t.strictSame(names(), ['a'])
  t.strictSame(
    problems.map(problem => problem?.diagnostics.map(({ message }) => message)),
    [['Unknown property "stack"']],
  )
  t.equal(watch.problem()?.diagnostics.length, 1)
  await rm(file)
  await watch.look()
  t.equal(problems.length, 2, 'another problem')
  await writeFile(file, stacks('a', 'b'))
  await watch.look()
  t.strictSame(problems[2], null, 'it is right again')
  t.equal(watch.problem(), null)
  t.strictSame(names(), ['a', 'b'])
  t.equal(changes.length, 1)
})

t.test('says that a file is right again where it means what it meant before', async t => {
  const { file, watch, changes, problems } = await watched(t, stacks('a'))
  await writeFile(file, 'version: 2\n')
  await watch.look()
  await writeFile(file, stacks('a'))
  await watch.look()
  t.equal(problems.length, 2)
  t.strictSame(problems[1], null)
  t.strictSame(changes, [])
})

t.test('finds a stack in a folder that is new, while the file stays as it is', async t => {
  const { cwd, watch, names } = await watched(
    t,
    `${oneAccount}stacks: []\ndiscover: [{ glob: "teams/*/k.yaml" }]\n`.replace('discover', '# discover'),
  )
  await addFiles(cwd, { 'teams/a/k.yaml': '' })
  await writeFile(join(cwd, 'fleet.yaml'), `${oneAccount}discover: [{ glob: "teams/*/k.yaml" }]\n`)
  await watch.look()
  t.strictSame(names(), ['teams/a'])
  await addFiles(cwd, { 'teams/b/k.yaml': '' })
  await watch.look()
  t.strictSame(names(), ['teams/a', 'teams/b'])
  await rename(join(cwd, 'teams'), join(cwd, 'gone'))
  await watch.look()
  t.strictSame(names(), ['teams/a', 'teams/b'], 'folders that are gone for a moment')
  t.match(watch.problem(), { diagnostics: [{ code: 'no-files' }] })
})

t.test('looks by itself, and not any more once it is closed', async t => {
  const { file, watch, changes } = await watched(t, stacks('a'), 5)
  await writeFile(file, stacks('b'))
  for (let tries = 0; tries < 2_000 && changes.length === 0; tries += 1)
    await new Promise(resolve => setTimeout(resolve, 5))
  t.equal(changes.length, 1)
  watch.close()
  await writeFile(file, stacks('c'))
  await watch.look()
  t.equal(changes.length, 1)
})
