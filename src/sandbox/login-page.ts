import type { Database } from './database.ts'
import { decideLogin } from './login-flow.ts'

/** Where a person approves a login in a browser. */
export const loginPage = '/cli-connect'

/** Who approves in a sandbox, which knows no persons. */
const account = 'person@sandbox.invalid'

function page(status: number, at: number, content: string): Response {
  return new Response(`<!doctype html><meta charset="utf-8"><title>FluxLoop sandbox</title>${content}\n`, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
      'cache-control': 'no-store',
      date: new Date(at).toUTCString(),
    },
  })
}

/** Only what a code of ours consists of gets into the page. */
function codeOf(parameters: URLSearchParams): string {
  const code = parameters.get('user_code') ?? ''
  return /^[A-Z]{4}-[A-Z]{4}$/.test(code) ? code : ''
}

/** Shows a login that waits with two buttons, and takes what was pressed. */
export function answerLoginPage(
  method: string,
  url: URL,
  bytes: Uint8Array,
  database: Database,
  at: number,
): Response {
  if (method !== 'POST') {
    const code = codeOf(url.searchParams)
    const button = (decision: string) => `<button name="decision" value="${decision}">${decision}</button>`
    return page(
      200,
      at,
      `<p>A command line wants to log in to this sandbox. Approve only where it shows this code:</p><h1>${code}</h1>
<form method="post"><input type="hidden" name="user_code" value="${code}">${button('approve')} ${button('deny')}</form>`,
    )
  }
  const form = new URLSearchParams(new TextDecoder().decode(bytes))
  const decision = form.get('decision') === 'approve' ? { account } : 'denied'
  const done = database.transaction(() => decideLogin(database, codeOf(form), decision, at))
  return page(
    done ? 200 : 404,
    at,
    done ? '<p>Done. Go back to the terminal.</p>' : '<p>No login waits under that code.</p>',
  )
}
