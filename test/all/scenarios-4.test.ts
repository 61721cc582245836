import { playPart } from './rooms.ts'

await playPart('scenarios', 4, 6)
