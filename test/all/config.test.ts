import { playTogether } from './rooms.ts'

await playTogether('config', 'pull-request')
