import type { Begun, Command } from './cli/command.ts'
import { commands } from './cli/commands.ts'
import { groupOf, spellings } from './cli/help.ts'
import { Failure } from './model/failure.ts'
import { closest } from './model/suggest.ts'

function unknownCommand(asked: string, choices: readonly Command[]): Failure {
  const near = closest(asked, choices.flatMap(spellings))
  const hints = [`The commands: ${choices.map(({ name }) => name).join(', ')}`]
  return new Failure('usage', `Unknown command \`${asked}\``, {
    hints: near === null ? hints : [`Did you mean ${near}?`, ...hints],
  })
}

/** A flag in the place of the command: with what stands behind it, where that is one. */
function flagFirst(flag: string, args: readonly string[]): Failure {
  const first = args.find(arg => commands.some(({ name }) => name.split(' ')[0] === arg))
  const meant = first === undefined ? [] : [`Did you mean ${first} ${flag}?`]
  return new Failure('usage', `The command comes first, then its flags: \`${flag}\``, {
    hints: [...meant, 'fluxloop-keys help lists the commands.'],
  })
}

/** Finds the command of a command line, so that sade, which exits by itself, never has to complain. */
function find(args: readonly string[]): { readonly command: Command; readonly args: readonly string[] } {
  const [first = '', second = ''] = args
  if (first.startsWith('-')) throw flagFirst(first, args)
  const exact = (words: number) =>
    commands.find(command => spellings(command).includes(args.slice(0, words).join(' ')))
  const one = exact(1)
  if (one !== undefined) return { command: one, args: args.slice(1) }
  const group = groupOf(first, commands)
  if (group.length === 0) throw unknownCommand(first, commands)
  const two = exact(2)
  if (two !== undefined) return { command: two, args: args.slice(2) }
  if (second === 'help') {
    throw new Failure('usage', `Unknown command \`${first} help\``, {
      hints: [`Did you mean ${['help', first, ...args.slice(2)].join(' ')}?`],
    })
  }
  throw unknownCommand(`${first} ${second}`, group)
}

/** What the scripts of `completion` call: in no help, and free to have any words after it. */
function completing(words: readonly string[]): Begun {
  return {
    noColor: true,
    run: async context => {
      const [{ completionOf }, { runComplete }] = await Promise.all([
        import('./cli/complete.ts'),
        import('./commands/completion/candidates.ts'),
      ])
      return await runComplete(completionOf(words, commands), context)
    },
  }
}

/** Reads a command line (without node and script) that `answerTo` has no answer to. Throws a usage `Failure`. */
export function readCommandLine(args: readonly string[]): Begun {
  if (args[0] === '__complete') return completing(args.slice(1))
  const { command, args: after } = find(args)
  return command.begin(after)
}
