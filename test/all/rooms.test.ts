// Every file of tests is run by `npm test`: by itself, or with those of its room.
import { readFileSync, readdirSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'

const here = new URL('.', import.meta.url)

t.test('runs every folder of tests once', async t => {
  const texts = readdirSync(here).map(name => readFileSync(new URL(name, here), 'utf8'))
  const together = texts.flatMap(
    text => /^await playTogether\((.*)\)$/m.exec(text)?.[1]?.match(/[\w-]+/g) ?? [],
  )
  const parts = texts.flatMap(text => {
    const [, room = '', part, of] = /^await playPart\('(\w+)', (\d), (\d)\)$/m.exec(text) ?? []
    return room === '' ? [] : [{ room, part: Number(part), of: Number(of) }]
  })
  const inParts = [...new Set(parts.map(({ room }) => room))]
  for (const room of inParts) {
    const own = parts.filter(each => each.room === room)
    const all = own.map((_, index) => ({ room, part: index + 1, of: own.length }))
    t.strictSame(own, all, `every part of ${room}`)
  }
  const { files } = parse(readFileSync(new URL('../../.taprc', here), 'utf8')) as { files: readonly string[] }
  const alone = files.map(glob => /^test\/(?:(\w+)\/\*\*\/)?\*\.test\.ts$/.exec(glob)?.[1] ?? '')
  const folders = new Set(
    readdirSync(new URL('..', here), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.test.ts'))
      .map(name => (name.includes('/') ? name.slice(0, name.indexOf('/')) : '')),
  )
  t.strictSame([...together, ...inParts, ...alone].sort(), [...folders].sort())
})

t.test('runs every part of the tests of fleets once, and those of packages', async t => {
  const texts = readdirSync(here).map(name => readFileSync(new URL(name, here), 'utf8'))
  for (const group of ['replicas', 'database', 'rest']) {
    const parts = texts.flatMap(
      text => new RegExp(`^await playFleet\\('${group}', (\\d, \\d)\\)$`, 'm').exec(text)?.[1] ?? [],
    )
    t.strictSame(
      parts.sort(),
      parts.map((_, index) => `${index + 1}, ${parts.length}`),
      group,
    )
    t.ok(parts.length > 0, group)
  }
  t.equal(texts.filter(text => /^await playPackages\(\)$/m.test(text)).length, 1)
})
