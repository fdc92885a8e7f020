import { connectAsync } from "mqtt";
import { onTestFinished } from "vitest";
import { GatewayProcess } from "../process/gateway-process.ts";

/** The program, with a broker inside and a status page. It ends with the test. */
export class RunningGateway {
  readonly program: GatewayProcess;
  /** Of the status page, without a slash at its end. */
  readonly url: string;
  /** Where devices come in. */
  readonly port: number;

  private constructor(program: GatewayProcess, url: string, port: number) {
    this.program = program;
    this.url = url;
    this.port = port;
  }

  static async start(...args: string[]): Promise<RunningGateway> {
    const program = GatewayProcess.embedded("--http-listen", "127.0.0.1:0", ...args);
    const url = new URL(String((await program.line("http.started")).url)).origin;
    return new RunningGateway(program, url, await program.listenerPort());
  }

  /** A message from elsewhere. */
  async publish(topic: string, message: string): Promise<void> {
    const client = await connectAsync(`mqtt://127.0.0.1:${await this.program.brokerPort()}`, { reconnectPeriod: 0 });
    onTestFinished(() => void client.end(true));
    await client.publishAsync(topic, message, { qos: 1 });
  }
}
