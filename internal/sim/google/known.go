package google

// resource names what a method answers with: which fields a client can select of it.
type resource int

const (
	nothing resource = iota
	eventResource
	eventsResource
	calendarResource
	entryResource
	entriesResource
	ruleResource
	rulesResource
	settingResource
	settingsResource
	colorsResource
	busyResource
	channelResource
)

// fields are those of the resources in the reference (https://developers.google.com/workspace/calendar/api/v3/reference), in the way in which a
// client selects them. The keys of extended properties and the like are the client's own.
func (r resource) fields() fields {
	p := selector{rest: r.text(), left: maxSelectors}
	all, _ := p.list(maxDepth)
	return all
}

func (r resource) text() string {
	const (
		person    = "(displayName,email,id,self)"
		moment    = "(date,dateTime,timeZone)"
		reminders = "(method,minutes)"
		meeting   = "conferenceId,conferenceSolution(iconUri,key(type),name),createRequest(conferenceSolutionKey(type),requestId,status(statusCode))," +
			"entryPoints(accessCode,entryPointFeatures,entryPointType,label,meetingCode,passcode,password,pin,regionCode,uri)," +
			"notes,parameters(addOnParameters(parameters/*)),signature"
		whereabouts = "birthdayProperties(contact,customTypeName,type),focusTimeProperties(autoDeclineMode,chatStatus,declineMessage)," +
			"outOfOfficeProperties(autoDeclineMode,declineMessage)," +
			"workingLocationProperties(customLocation(label),homeOffice,officeLocation(buildingId,deskId,floorId,floorSectionId,label),type)"
		event = "anyoneCanAddSelf,attachments(fileId,fileUrl,iconLink,mimeType,title)," +
			"attendees(additionalGuests,asyncOperation,comment,displayName,email,id,optional,organizer,resource,responseStatus,self),attendeesOmitted," +
			"colorId,conferenceData(" + meeting + "),created,creator" + person + ",description,end" + moment + ",endTimeUnspecified,etag,eventLabelId," +
			"eventType,extendedProperties(private/*,shared/*),gadget(display,height,iconLink,link,preferences/*,title,type,width)," +
			"guestsCanInviteOthers,guestsCanModify,guestsCanSeeOtherGuests,hangoutLink,htmlLink,iCalUID,id,kind,location,locked,organizer" + person +
			",originalStartTime" + moment + ",privateCopy,recurrence,recurringEventId,reminders(overrides" + reminders + ",useDefault),sequence," +
			"source(title,url),start" + moment + ",status,summary,transparency,updated,visibility," + whereabouts
		conferences = "conferenceProperties(allowedConferenceSolutionTypes)"
		entry       = "accessRole,autoAcceptInvitations,backgroundColor,colorId," + conferences + ",dataOwner,defaultReminders" + reminders +
			",deleted,description,etag,foregroundColor,hidden,id,kind,location,notificationSettings(notifications(method,type)),primary,selected," +
			"summary,summaryOverride,timeZone"
		rule    = "etag,id,kind,role,scope(type,value)"
		setting = "etag,id,kind,value"
		page    = "etag,kind,nextPageToken,nextSyncToken"
	)
	return map[resource]string{
		nothing:        "*",
		eventResource:  event,
		eventsResource: page + ",accessRole,defaultReminders" + reminders + ",description,summary,timeZone,updated,items(" + event + ")",
		calendarResource: "autoAcceptInvitations," + conferences + ",dataOwner,description,etag,id,kind,labelProperties(eventLabels(backgroundColor,id,name))," +
			"location,summary,timeZone",
		entryResource:    entry,
		entriesResource:  page + ",items(" + entry + ")",
		ruleResource:     rule,
		rulesResource:    page + ",items(" + rule + ")",
		settingResource:  setting,
		settingsResource: page + ",items(" + setting + ")",
		colorsResource:   "calendar/*(background,foreground),event/*(background,foreground),kind,updated",
		busyResource:     "calendars/*(busy(end,start),errors(domain,reason)),groups/*(calendars,errors(domain,reason)),kind,timeMax,timeMin",
		channelResource:  "address,expiration,id,kind,params/*,payload,resourceId,resourceUri,token,type",
	}[r]
}
