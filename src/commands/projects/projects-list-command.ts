import type { ConnectionOptions } from '../../runtime/connection.ts'
import type { Context } from '../../context.ts'
import { jsonText } from '../../render/text/json.ts'
import { renderProjects } from '../../render/keys/projects.ts'

export interface ProjectsListOptions extends ConnectionOptions {
  readonly verbose: boolean
  readonly json: boolean
}

export async function runProjectsList(options: ProjectsListOptions, context: Context): Promise<number> {
  const { client } = await context.connect(options)
  const projects = await client.projects()
  context.stdout.print(options.json ? jsonText({ projects }) : renderProjects(projects, context.stdout))
  return 0
}
