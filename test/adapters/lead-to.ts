import dns from "node:dns";
import { onTestFinished, vi } from "vitest";

/** What `dns.lookup` calls back. */
type Found = (error: null, addresses: { address: string; family: number }[]) => void;

/** Every name leads to this address, until the test ends or it is said anew. */
export function leadTo(address: string): void {
  const names = vi.spyOn(dns, "lookup").mockImplementation(((_name: string, _options: object, found: Found) => {
    found(null, [{ address, family: 4 }]);
  }) as typeof dns.lookup);
  onTestFinished(() => names.mockRestore());
}
