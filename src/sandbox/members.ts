import type { Answer, Call } from './incoming-call.ts'
import { HttpError } from './http-error.ts'
import { requireAllProjects } from './project-routes.ts'
import { randomText } from './make-secret.ts'
import { fieldsOf, textField } from './validation.ts'

/** Notes the invitation; nobody gets a mail from a sandbox. */
export function inviteMember(call: Call): Answer {
  const fields = fieldsOf('body', call.body())
  const email = textField(fields, 'email', { required: true, longest: 254 }) ?? ''
  if (email !== '' && !/^[^\s@]+@[^\s@]+$/.test(email)) {
    fields.issue('email', 'value is not a valid email address', 'value_error')
  }
  const role = textField(fields, 'role', { longest: 50 }) ?? 'member'
  fields.finish()
  requireAllProjects(call)
  const known = call.database.get('select id from members where email = ?', email)
  if (known !== undefined) throw new HttpError(409, { detail: `${email} is invited already` })
  const id = `mem_${randomText(12)}`
  call.database.run('insert into members values (?, ?, ?, ?)', id, email, role, call.now)
  return {
    status: 201,
    body: { id, email, role, status: 'invited', invited_at: new Date(call.now).toISOString() },
  }
}
