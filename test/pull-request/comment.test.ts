import t, { type Test } from 'tap'
import { computePlan } from '../../src/plan/compute-plan.ts'
import { type CommentFacts, commentText, formerPlans } from '../../src/pull-request/comment.ts'
import { readState, stateLine } from '../../src/pull-request/comment-state.ts'
import { currentState, desiredKey, desiredState, managedKey, now, options } from '../support/build.ts'
import { planOf, undeclared } from '../support/plan-of.ts'

const limit = 65_536
const commit = 'a'.repeat(40)
const used = { known: true, at: now - 1000, ip: null, location: null, userAgent: null } as const

const facts = (plan: ReturnType<typeof planOf>): CommentFacts => ({
  stack: 'acme-agents',
  commit,
  branch: 'main',
  shown: { kind: 'plan', plan, audit: null, digest: 'd'.repeat(64), overruled: [] },
})

/** What is not in letters of one width. */
const withoutFences = (text: string) => text.replace(/^(`{3,})\n[^]*?\n\1$/gm, '')

/** Every fence that is opened is closed by the same, and every fold too. */
function requireWhole(t: Pick<Test, 'equal'>, text: string): void {
  let open: string | null = null
  for (const line of text.split('\n')) {
    const fence = /^(`{3,})$/.exec(line)?.[1]
    if (fence === undefined) continue
    if (open === null) open = fence
    else if (fence === open) open = null
  }
  t.equal(open, null, 'no fence is left open')
  const outside = withoutFences(text)
  t.equal(outside.match(/<details>/g)?.length, outside.match(/<\/details>/g)?.length)
}

t.test(
  '3,000 changes and 3,000 keys that wait fit into a comment, and what is left out is counted',
  async t => {
    const many = Array.from({ length: 3000 }, (_, index) =>
      desiredKey({ keyId: `key-${index}`, name: `Key ${index} ${'`'.repeat(index % 40)}` }),
    )
    const waiting = Array.from({ length: 3000 }, (_, index) =>
      undeclared({ id: `key_gone_${index}`, lastUse: used }, desiredKey({ keyId: `gone-${index}` })),
    )
    const plan = computePlan(desiredState(many), currentState(waiting), now, options())
    t.equal(plan.changes.length, 3000)
    t.equal(plan.retiring.length, 3000)
    const { text } = commentText(facts(plan), [], limit)
    t.ok(text.length <= limit, `${text.length} characters`)
    t.ok(text.length > limit * 0.9, 'the room is used')
    requireWhole(t, text)
    const shown = text.match(/^ {2}# key-\d+ will be created$/gm)?.length ?? 0
    const [, left = ''] = /And ([\d,]+) more changes are left out\./.exec(text) ?? []
    t.equal(shown + Number(left.replaceAll(',', '')), 3000)
    t.match(text, /And (?:3,000|2,9\d\d) more keys are left out\./)
    t.match(text, /Plan: 3000 to create/)
  },
)

const hostileNames = [
  '@org/team #1 GH-1 acme/agents#1',
  '<img src=x onerror=y> <!-- --> </details> &lt;',
  '![x](https://evil.example/x.png) [y](javascript:z) https://evil.example www.evil.example',
  '``` ```` ~~~ > # - * _a_ **b** | c |',
  '::error file=x::y ##[error]z\n::warning::w',
  `${'`'.repeat(300)} end`,
]

t.test('what ends or widens comes first, and is left out last', async t => {
  const many = Array.from({ length: 500 }, (_, index) => desiredKey({ keyId: `key-${index}` }))
  const narrow = managedKey(desiredKey({ keyId: 'wider', permissions: ['read_scenarios'] }))
  const desired = [...many, desiredKey({ keyId: 'wider', permissions: ['read_scenarios', 'manage_keys'] })]
  const plan = computePlan(desiredState(desired), currentState([narrow, undeclared()]), now, options())
  const { text, state } = commentText(facts(plan), [], 8000)
  t.match(
    text,
    /Widens or ends access[^]*wider will be (?:rotated|updated)[^]*gone will be revoked[^]*Other changes/,
  )
  t.equal(state.grave.length, 2)
})

t.test('names of others stay text, wherever they stand', async t => {
  for (const name of hostileNames) {
    const plan = planOf({ desired: [desiredKey({ name, description: name, owner: name })] })
    const { text } = commentText(facts(plan), [{ commit: name, summary: name }], limit)
    requireWhole(t, text)
    const outside = withoutFences(text).replace(/^<!--.*-->\n/, '')
    t.notMatch(outside, /@\w|(?<!&)#\d|<(?!\/?(?:details|summary|sub)>)|!\[/)
  }
})

t.test('a comment is known again by its first line, and only by that', async t => {
  const { text, state } = commentText(facts(planOf({})), [], limit)
  t.strictSame(readState(text), state)
  t.strictSame(readState(text.replaceAll('\n', '\r\n')), state)
  t.equal(readState(`Look:\n${text}`), null)
  t.equal(readState(text.replace('"stack"', '"stock"')), null)
  t.equal(readState(''), null)
  const odd = { ...state, summary: '--> <b>@all</b> <!--' }
  t.strictSame(readState(stateLine(odd)), odd)
  t.equal(stateLine(odd).match(/-->/g)?.length, 1)
})

t.test('former plans go down the list, the newest first, and one commit is there once', async t => {
  let state = commentText(facts(planOf({})), [], limit).state
  t.strictSame(formerPlans(null, commit), [])
  t.strictSame(formerPlans(state, commit), [], 'planned again for one commit')
  for (let index = 0; index < 30; index += 1) {
    const next = String(index).padStart(40, 'b')
    state = { ...state, former: formerPlans(state, next), commit: next }
  }
  t.equal(state.former.length, 10)
  t.match(state.former[0]?.commit, /28$/)
})
