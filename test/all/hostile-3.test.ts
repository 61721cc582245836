import { playPart } from './rooms.ts'

await playPart('hostile', 3, 3)
