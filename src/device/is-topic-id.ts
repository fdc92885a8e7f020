/** Whether these two octets may be a topic id: 0x0000 and 0xFFFF are reserved (I4). */
export function isTopicId(topicId: number): boolean {
  return topicId !== 0 && topicId !== 0xffff;
}
