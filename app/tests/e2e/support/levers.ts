import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** One Python process for all tests: it moves the fork, and says what the page must show. */
export class Levers {
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly waiting: ((line: string) => void)[] = [];
  private said = "";

  constructor(rpc: string) {
    this.process = spawn("python", ["-m", "tools.app_levers", rpc], { cwd: ".." });
    createInterface(this.process.stdout).on("line", (line) => this.waiting.shift()?.(line));
    this.process.stderr.on("data", (text) => (this.said += String(text)));
    this.process.on("exit", () =>
      this.waiting.splice(0).forEach((answer) => answer(JSON.stringify({ error: `Python ended: ${this.said}` }))),
    );
  }

  /** Integers come back as strings, because JSON has none of their size. */
  async ask<T>(name: string, ...args: (string | number | boolean)[]): Promise<T> {
    const line = await new Promise<string>((resolve) => {
      this.waiting.push(resolve);
      this.process.stdin.write(`${JSON.stringify([name, ...args])}\n`);
    });
    const { ok, error } = JSON.parse(line) as { ok: T; error?: string };
    if (error !== undefined) throw new Error(`${name}: ${error}`);
    return ok;
  }

  end(): void {
    this.process.stdin.end();
    this.process.kill();
  }
}
