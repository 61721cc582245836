import { playTogether } from './rooms.ts'

await playTogether('audit', 'lifecycle', 'model', 'plan', 'render')
