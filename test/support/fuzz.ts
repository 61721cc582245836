import { fc } from './properties.ts'

/** How many cases of a property to try: half of the usual number at every run of the tests, `FUZZ=50` times as many where somebody asks. */
export function cases(usual: number): number {
  const asked = process.env['FUZZ']
  return asked === undefined ? Math.ceil(usual / 2) : usual * Math.max(1, Number(asked) || 1)
}

/** Whatever acts on a terminal, or hides. */
export const unsafe = /[\p{Cs}\u202a-\u202e]|(?!\n)\p{Cc}/u

/** What breaks parsers: names of prototypes, paths, escapes, ends of number ranges, and half of what belongs together. */
const strangeTexts: readonly string[] = [
  '__proto__',
  'constructor',
  'toString',
  '../..',
  '/etc/passwd',
  '\u001b]0;x\u0007',
  '\u202e',
  '\0',
  '\ud800',
  '',
  ' ',
  '\n',
  '\t',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  ':',
  '&a',
  '*a',
  '<<: *a',
  '!!js/function',
  '---\n',
  '%YAML 1.1\n',
  '9'.repeat(400),
  '-1',
  '1e999',
  '9999-99-99T99:99:99Z',
  'a'.repeat(10_000),
  '[fk1 ',
  '[fk2 x]',
]

/** A text with some of its parts removed, doubled, moved or replaced by something strange. */
export function mutatedText(samples: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat(1_000_000),
    length: fc.oneof(fc.constant(1), fc.nat(40)),
    how: fc.constantFrom('remove', 'double', 'strange', 'flip', 'cut'),
    strange: fc.oneof(fc.constantFrom(...strangeTexts), fc.string({ unit: 'binary', maxLength: 8 })),
  })
  return fc
    .tuple(fc.constantFrom(...samples), fc.array(edit, { minLength: 1, maxLength: 5 }))
    .map(([sample, edits]) =>
      edits.reduce((text, { at, length, how, strange }) => {
        const start = at % (text.length + 1)
        const [before, part, after] = [
          text.slice(0, start),
          text.slice(start, start + length),
          text.slice(start + length),
        ]
        switch (how) {
          case 'remove':
            return before + after
          case 'double':
            return before + part + part + after
          case 'strange':
            return before + strange + after
          case 'flip':
            return (
              before +
              String.fromCharCode((part.charCodeAt(0) || 64) ^ (1 << (at % 7))) +
              part.slice(1) +
              after
            )
          case 'cut':
            return before
        }
      }, sample),
    )
}

/** A JSON value with one part of it, anywhere, replaced by something else or removed, or with one more field. */
export function mutatedJson(value: unknown): fc.Arbitrary<unknown> {
  const strange = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(...strangeTexts, -1, 0.5, 1e308, [[]], {}, null, true, undefined),
  )
  if (typeof value !== 'object' || value === null) return strange
  const parts = Object.entries(value).map(([name, part]) =>
    mutatedJson(part).map((next): unknown => {
      if (Array.isArray(value))
        return value.map((each: unknown, index) => (String(index) === name ? next : each))
      return { ...value, [name]: next }
    }),
  )
  const more = strange.map((extra): unknown =>
    Array.isArray(value) ? [...(value as unknown[]), extra] : withField(value, '__proto__', extra),
  )
  return fc.oneof(strange, more, ...parts)
}

/** As JSON.parse makes it: an own field, whatever it is called. */
function withField(value: object, name: string, extra: unknown): object {
  return Object.defineProperty({ ...value }, name, { value: extra, enumerable: true })
}

/** Throws where something has been added to the prototype of every object, or of every list. */
export function requireCleanPrototypes(): void {
  for (const prototype of [Object.prototype, Array.prototype, Function.prototype]) {
    const [name] = Object.keys(prototype)
    if (name !== undefined) throw new Error(`a prototype was polluted with ${name}`)
  }
}
