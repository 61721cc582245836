import sade from 'sade'
import type { Command } from './command.ts'
import { commands, groupOf } from './commands.ts'

const pitch =
  'FluxLoop API keys as code: plan, apply, rotate without outage, and keep every secret in a store.'

export const helpWords: readonly string[] = ['-h', '--help', '-v', '--version']

/** The root of the tree of commands. */
export function program(version: string): sade.Sade {
  return sade('fluxloop-keys').version(version).describe(pitch)
}

/** The name of a command with what stands after it. */
export function usageOf({ name, takes }: Command): string {
  return takes === undefined ? name : `${name} ${takes}`
}

function print(shown: readonly Command[], word: string, version: string): void {
  const tree = program(version)
  for (const command of shown) tree.command(usageOf(command), command.text)
  tree.parse(['', '', word], { lazy: true })
}

/**
 * Prints the help of the whole program or of a group of commands, or the version, where that is all that a command line
 * (without node and script) asks for. Else it returns false.
 */
export function printOverview([first, second]: readonly string[], version: string): boolean {
  if (first === undefined || helpWords.includes(first)) {
    print(commands, first ?? '--help', version)
    return true
  }
  const group = groupOf(first)
  if (group.length === 0 || !(second === undefined || helpWords.includes(second))) return false
  if (commands.some(({ name }) => name === first)) return false
  print(group, second ?? '--help', version)
  return true
}
