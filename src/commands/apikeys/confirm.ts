import type { Context } from '../../context.ts'
import { Declined, Failure } from '../../model/failure.ts'

function requireSomebody({ interactive }: Context, command: string): void {
  if (interactive) return
  throw new Failure('failed', `apikeys ${command} cannot ask for confirmation: not a terminal`, {
    hints: ['Add --force to go on without a question.'],
  })
}

async function answerTo(question: string, declined: string, { ask }: Context): Promise<string> {
  const answer = await ask(question)
  if (answer === null) throw new Declined(declined, 'interrupted')
  return answer.trim()
}

/** Asks until the answer is yes or no. Throws where it is no, or where there is nobody to ask. */
export async function confirmYes(command: string, declined: string, context: Context): Promise<void> {
  requireSomebody(context, command)
  for (;;) {
    const answer = (await answerTo('Continue? (y/n): ', declined, context)).toLowerCase()
    if (answer === 'y' || answer === 'yes') return
    if (answer === 'n' || answer === 'no') throw new Declined(declined)
    context.stderr.print('Please answer y or n.')
  }
}

/** Asks for the key's name, letter by letter. Throws where it is another one, or where there is nobody to ask. */
export async function confirmName(
  name: string,
  command: string,
  declined: string,
  context: Context,
): Promise<void> {
  requireSomebody(context, command)
  const answer = await answerTo('Type the key name to confirm: ', declined, context)
  if (answer === name.trim()) return
  throw new Failure('failed', `${declined}: that is not its name`, {
    hints: ['Type the name as it stands there, capital letters included.'],
  })
}
