import Glibc
import MigrateCLI

exit(Program.run(Array(CommandLine.arguments.dropFirst())))
