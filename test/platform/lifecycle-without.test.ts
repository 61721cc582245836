// The whole life of keys on platforms that lack something, one thing at a time and all together.
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { type CapabilityName, capabilities } from '../../src/platform/capabilities.ts'
import { platformPage } from '../../scripts/platform-table.ts'
import { faultsOf, lifecycleStory } from '../support/lifecycle-story.ts'
import { dispensable, required } from '../support/missing-calls.ts'
import { stage } from '../support/stage.ts'
import type { Variant } from '../support/variant-proxy.ts'

const golden = new URL('golden/missing-calls.txt', import.meta.url)

/** What is said of the platform, rather than of keys: only that belongs here. */
const isOfPlatform = /platform|account unknown|Not available|Nothing was changed|apikeys|in-use/

const variants: Readonly<Record<CapabilityName, Variant>> = { ...dispensable, ...required }

t.test('the lifecycle runs as docs/platform.md says, whatever a platform lacks', async t => {
  const whole = await lifecycleStory(t, [])
  t.strictSame(faultsOf([], whole), [], 'with nothing missing')
  const known = new Set(whole.lines)
  const shown: string[] = []
  const tell = (title: string, lines: readonly string[]) => {
    const own = lines.filter(
      line => !known.has(line) && isOfPlatform.test(line) && !/requests[.]$/.test(line),
    )
    shown.push(`## without ${title}\n\n${own.length === 0 ? '(nothing else)' : own.join('\n')}\n`)
  }

  for (const name of Object.keys(capabilities) as readonly CapabilityName[]) {
    const story = await lifecycleStory(t, [variants[name]])
    t.strictSame(faultsOf([name], story), [], `without ${name}`)
    tell(capabilities[name].name, story.lines)
  }
  const story = await lifecycleStory(t, Object.values(dispensable))
  t.strictSame(
    faultsOf(Object.keys(dispensable) as CapabilityName[], story),
    [],
    'without all that can be done without',
  )
  tell('all that can be done without', story.lines)

  const text = shown.join('\n')
  if (process.env['UPDATE_GOLDEN'] !== undefined) writeFileSync(golden, text)
  t.equal(text, readFileSync(golden, 'utf8'), 'what a user sees besides the usual')
})

t.test('the table of docs/platform.md is the one that was played', t => {
  const page = readFileSync(new URL('../../docs/platform.md', import.meta.url), 'utf8')
  const spaced = (text: string) =>
    text
      .replace(/ *\| */g, '|')
      .replace(/-{3,}/g, '---')
      .replace(/\n+/g, '\n')
  t.equal(spaced(page), spaced(platformPage(page)), 'node --import=tsx scripts/platform-table.ts writes it')
  t.end()
})

t.test('keys are made, regenerated and ended by hand without PATCH, descriptions and whoami', async t => {
  const s = stage(t, {}, [required.PATCH, required.descriptions, dispensable.whoami])
  const made = await s.succeed('apikeys create --name Hand --description Nightly --quiet')
  t.match(made.out(), /^flux_/)
  const again = await s.succeed('apikeys regenerate Hand --force --quiet')
  t.match(again.out(), /^flux_/)
  const updated = await s.run('apikeys update Hand --name Other')
  t.equal(updated.code, 1)
  t.match(updated.err(), 'The platform lacks PATCH /api/api-keys/{id} (405): no key can be updated')
  const caller = (await s.live()).find(({ name }) => name !== 'Hand')
  const own = await s.run(`apikeys delete ${caller?.id ?? ''} --force`)
  t.equal(own.code, 6, 'the calling key is known')
  await s.succeed('apikeys delete Hand --force')
  t.equal((await s.live()).length, 1)
})
