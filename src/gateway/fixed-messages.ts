import { encode } from "../sn/encode.ts";
import { RETURN_CODE } from "../sn/return-code.ts";

/** Messages that are the same every time, encoded once. Nobody writes into them. */
export const FIXED = {
  connackAccepted: encode({ type: "CONNACK", returnCode: RETURN_CODE.accepted }),
  willTopicReq: encode({ type: "WILLTOPICREQ" }),
  willMsgReq: encode({ type: "WILLMSGREQ" }),
  pingResp: encode({ type: "PINGRESP" }),
  disconnect: encode({ type: "DISCONNECT", duration: undefined }),
} as const;
