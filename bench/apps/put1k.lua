-- Puts of 1 KiB to 64 keys, in turn.
wrk.method = "PUT"
wrk.body = string.rep("x", 1024)
local count = 0
request = function()
  count = count + 1
  return wrk.format(nil, "/key" .. count % 64)
end
