import type { ReadStream, WriteStream } from 'node:tty'
import { isCancel, intro, multiselect, select, text } from '@clack/prompts'
import { Failure } from './model/failure.ts'
import { breakCommandsInLines } from './render/runner-commands.ts'

export interface Choice<Value extends string> {
  readonly value: Value
  readonly label: string
  /** Shown beside the choice that the cursor is on. */
  readonly hint?: string
}

/** Questions with more to them than a line. Ctrl-C and Escape reject with an `interrupted` Failure; the terminal is restored. */
export interface Prompts {
  title(text: string): void
  /** Asks again until `check` finds nothing wrong. */
  line(question: string, check: (answer: string) => string | null, placeholder?: string): Promise<string>
  one<Value extends string>(question: string, choices: readonly Choice<Value>[], first: Value): Promise<Value>
  /** At least one. */
  some<Value extends string>(
    question: string,
    choices: readonly Choice<Value>[],
    ticked: readonly Value[],
  ): Promise<readonly Value[]>
}

/** What the library prints goes through `change`. */
function changed(output: WriteStream, change: (chunk: string) => string): WriteStream {
  return new Proxy(output, {
    get: (target, name) => {
      if (name === 'write') return (chunk: string) => target.write(change(chunk))
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** The library colours whatever it prints; this takes the colours out again, and leaves its other escapes alone. */
function withoutColour(chunk: string): string {
  return chunk.replace(/\u001b\[[\d;]*m/g, '')
}

/** `cancelled` is what the Failure of a Ctrl-C says. */
export function openPrompts(
  cancelled: string,
  streams: { readonly input: ReadStream; readonly output: WriteStream; readonly colour: boolean },
): Prompts {
  const { input } = streams
  const output = changed(streams.output, chunk =>
    breakCommandsInLines(streams.colour ? chunk : withoutColour(chunk), '', false),
  )
  const answered = <Answer>(answer: Answer): Exclude<Answer, symbol> => {
    if (isCancel(answer)) throw new Failure('interrupted', cancelled)
    return answer as Exclude<Answer, symbol>
  }
  return {
    title: words => intro(words, { output }),
    async line(message, check, placeholder = '') {
      const validate = (answer: string | undefined) => check(answer ?? '') ?? undefined
      return answered(await text({ message, placeholder, validate, defaultValue: '', input, output }))
    },
    async one(message, choices, first) {
      const asked = { message, options: [...choices], initialValue: first, input, output }
      const picked = answered(await select<string>(asked))
      return choices.find(({ value }) => value === picked)?.value ?? first
    },
    async some(message, choices, ticked) {
      const asked = { message, options: choices, initialValues: ticked, required: true, input, output }
      const picked = answered(await multiselect<string>(asked))
      return choices.map(({ value }) => value).filter(value => picked.includes(value))
    },
  }
}
