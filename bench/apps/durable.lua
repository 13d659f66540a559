-- 64 objects in turn.
local turn = 0
request = function()
  turn = (turn + 1) % 64
  return wrk.format("POST", "/durable/object-" .. turn)
end
